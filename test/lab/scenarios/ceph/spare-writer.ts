// An initiator beside the lab's own: it writes to places of its own, through one path.
import { blockBytes } from '../../block.ts';
import type { LabPath } from '../../lab.ts';
import { type Answer, QemuIo } from '../../qemu-io.ts';

const loginDeadlineMs = 10_000;
const lateDeadlineMs = 120_000;

export class SpareWriter {
  readonly path: LabPath;
  readonly #session: QemuIo;

  private constructor(session: QemuIo, path: LabPath) {
    this.#session = session;
    this.path = path;
  }

  static async login(path: LabPath, inside: readonly string[]): Promise<SpareWriter> {
    const url = `iscsi://${path.ip}:${String(path.port)}/${path.iqn}/1`;
    const session = await QemuIo.login(url, loginDeadlineMs, inside);
    if (session === undefined) throw new Error(`no login to ${url}`);
    return new SpareWriter(session, path);
  }

  /** One block of that byte, through to the disk. */
  async write(offset: number, byte: number): Promise<Answer> {
    return this.#session.command(`write -f -P ${String(byte)} ${String(offset)} ${String(blockBytes)}`, lateDeadlineMs);
  }

  async must(offset: number, byte: number): Promise<void> {
    const answer = await this.write(offset, byte);
    if (answer.kind !== 'done') throw new Error(`path ${this.path.name}: a write failed: ${JSON.stringify(answer)}`);
  }

  /** How large the disk is, as it said at the login: `16 MiB`. */
  async length(): Promise<string> {
    const answer = await this.#session.command('length', lateDeadlineMs);
    return answer.kind === 'done' ? answer.output.trim() : answer.kind;
  }

  logout(): void {
    this.#session.kill();
  }
}
