/** Why a datagram was not taken. */
export type Refusal =
  /** Made without a key of ours. */
  | 'forged'
  /** To or from another node than it should be, or our own, reflected. */
  | 'misdirected'
  /** A question that was believed before, or is too old. */
  | 'repeated'
  /** An answer that nobody waits for: late, or repeated. */
  | 'unasked'
  /** Of another version of these messages. */
  | 'version'
  | 'malformed';

export type OnRefused = (refusal: Refusal, from: string) => void;
