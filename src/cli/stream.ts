// Server-sent events: calls back with the data of each.

export async function readStream(response: Response, onData: (data: string) => void): Promise<void> {
  if (response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${chunk}`.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith('data:'));
      if (data.length > 0) onData(data.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n'));
    }
  }
}
