/** A refusal that Consul answers with a status and a line of text. */
export class AgentError extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.name = 'AgentError';
    this.status = status;
  }
}
