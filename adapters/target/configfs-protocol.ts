// What the daemon and the process that touches configfs say to each other.

/** What to read of a folder: a file's text, a folder by its name, or with `*` every folder and link that is there. */
export interface Shape {
  readonly [name: string]: 'read' | Shape;
}

/** What was there. Files without their last line break. */
export interface Folder {
  readonly files: Readonly<Record<string, string>>;
  readonly folders: Readonly<Record<string, Folder>>;
  /** Only those that a `*` met. */
  readonly links: Readonly<Record<string, string>>;
}

/** One change; each is done when it is so already. Paths are below the root. */
export type Step =
  | { readonly make: string }
  | { readonly remove: string }
  | { readonly write: string; readonly text: string }
  /** `to` is below the root, too. */
  | { readonly link: string; readonly to: string }
  | { readonly unlink: string }
  /** Fails unless the file has this text now. */
  | { readonly expect: string; readonly text: string };

export type Work =
  | { readonly look: readonly { readonly folder: string; readonly shape: Shape }[] }
  | { readonly steps: readonly Step[] }
  /** What a path outside is. */
  | { readonly kindOf: string };

export type PathKind = 'file' | 'device' | 'other' | 'none';

export type Request =
  | { readonly id: number; readonly root: string; readonly deadlineMs: number; readonly work: Work }
  | { readonly id: number; readonly callOff: true };

/** `failed` names the path and the error, and never the text that was to be written. */
export type Reply = { readonly id: number } & (
  | { readonly kind: 'looked'; readonly folders: readonly (Folder | null)[] }
  | { readonly kind: 'stepped' }
  | { readonly kind: 'kind'; readonly is: PathKind }
  | { readonly kind: 'failed'; readonly path: string; readonly code: string }
  | { readonly kind: 'stopped'; readonly before: string }
);

/** Calls that may hang in the kernel at the same time; each takes a thread until the kernel lets it go. */
export const threadsMax = 64;
