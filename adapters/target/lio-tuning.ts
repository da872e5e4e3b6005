// Tuning by configuration: which files of a portal group and of a device have which text. Pure.
import type { Shape, Step } from './configfs-protocol.ts';

/** By the kernel's names; what is left out is left to the kernel, except for what is ours below. */
type Values = Readonly<Record<string, string | number | boolean | undefined>>;

export interface LioTuning {
  /** Attributes and negotiated parameters of each portal group. */
  readonly attributes?: Values;
  readonly parameters?: Values;
  /** Attributes of each device. */
  readonly device?: Values;
}

/** Texts by file, below the folder of a group and that of a device. */
export interface Tuning {
  readonly group: Texts;
  readonly device: Texts;
}

export type Texts = Readonly<Record<string, string>>;

/** How long an initiator waits before it comes back is left to it: of the two wishes, the longer one counts. */
const parametersOfOurs: Values = { DefaultTime2Wait: 0 };

export const tuningOf = ({ attributes = {}, parameters = {}, device = {} }: LioTuning): Tuning => ({
  group: {
    ...textsIn('attrib', attributes, ['0', '1']),
    ...textsIn('param', { ...parametersOfOurs, ...parameters }, ['No', 'Yes']),
  },
  device: textsIn('attrib', device, ['0', '1']),
});

export const untuned: Tuning = { group: {}, device: {} };

function textsIn(folder: string, values: Values, [no, yes]: readonly [string, string]): Texts {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = (value: unknown): string => (typeof value === 'boolean' ? (value ? yes : no) : String(value));
  return Object.fromEntries(given.map(([name, value]) => [`${folder}/${name}`, text(value)]));
}

/** What to read of `attrib` or `param` to see its tuning. */
export const shapeOf = (folder: string, texts: Texts): Shape =>
  Object.fromEntries(
    Object.keys(texts)
      .filter((file) => file.startsWith(`${folder}/`))
      .map((file) => [file.slice(folder.length + 1), 'read' as const]),
  );

/** The kernel may round a value instead of refusing it: what it made of it is looked at at once. */
export const tuningSteps = (at: string, wanted: Texts, now: Texts): Step[] =>
  Object.entries(wanted)
    .filter(([file, text]) => now[file] !== text)
    .flatMap(([file, text]) => [
      { write: `${at}/${file}`, text },
      { expect: `${at}/${file}`, text },
    ]);
