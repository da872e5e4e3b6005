// What a kernel must not say.

const mishap = /\b(?:BUG|Oops|WARNING|general protection fault|Kernel panic|blocked for more than|refcount_t)\b.*/;

/** The first lines of trouble, without their times, each once. */
export function mishapsIn(kernelLog: string): string[] {
  const found = kernelLog.split('\n').flatMap((line) => mishap.exec(line)?.[0] ?? []);
  return [...new Set(found)].slice(0, mishapsMax).map((line) => `the kernel said: ${line}`);
}

const mishapsMax = 5;
