// How the machine asks the administrator of Ceph, who is on the host.

export const adminPort = 8099;

export interface Ended {
  readonly isGood: boolean;
  /** What it printed, or why it failed. */
  readonly output: string;
}

/** Runs `ceph` or `rbd` as client.admin. Throws when it fails. */
export type Admin = (...argv: readonly string[]) => Promise<string>;

export const adminAt = (url: string): Admin => async (...argv) => {
  const { isGood, output } = await ask(url, argv);
  if (!isGood) throw new Error(`${argv.join(' ')}: ${output.trim()}`);
  return output;
};

export const adminAnswers = (url: string): Promise<boolean> =>
  ask(url, []).then(
    () => true,
    () => false,
  );

async function ask(url: string, argv: readonly string[]): Promise<Ended> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(argv) });
  return (await answer.json()) as Ended;
}
