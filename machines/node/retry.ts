// Asking again, later each time.

type Given = { readonly context: { readonly tries: number } };

export const armRetryWithin = (minMs: number, maxMs: number) =>
  ({
    type: 'timer.arm',
    params: ({ context }: Given) => ({ name: 'retry', ms: Math.min(minMs * 2 ** context.tries, maxMs) }),
  }) as const;
