// What a target agrees to at login, by the packets themselves: no initiator here shows all of it.
import { mustOf, type World } from './world.ts';

type Keys = Readonly<Record<string, string>>;

const port = 3260;

/** Logs in with these wishes and gives what the target answers. Only for targets that let everybody in. */
export async function agreed(world: Pick<World, 'initiator'>, ip: string, iqn: string, wishes: Keys): Promise<Keys> {
  const names = { InitiatorName: 'iqn.2008-11.org.linux-kvm', TargetName: iqn, SessionType: 'Normal' };
  const request = loginRequest({ ...names, ...wishes }).toString('hex');
  const answer = await mustOf(world.initiator)(process.execPath, '-e', asks, ip, request);
  return keysIn(Buffer.from(answer.trim(), 'hex'));
}

/** Sends one packet and prints the one that answers it, in hexadecimal digits. */
const asks = `const [ip, request] = process.argv.slice(1);
  const socket = require('net').connect(${port}, ip, () => socket.write(request, 'hex'));
  let got = Buffer.alloc(0);
  socket.on('data', (data) => {
    got = Buffer.concat([got, data]);
    if (got.length < 48 || got.length < 48 + got.readUIntBE(5, 3)) return;
    console.log(got.toString('hex'));
    socket.destroy();
  });`;

/** RFC 7143, 11.12: of a new session, straight from the negotiation of its parameters to the full feature phase. */
function loginRequest(keys: Keys): Buffer {
  const text = Buffer.from(Object.entries(keys).map(([key, value]) => `${key}=${value}\0`).join(''));
  const header = Buffer.alloc(48);
  header.writeUInt8(0x43, 0);
  header.writeUInt8(0b1000_0111, 1);
  header.writeUIntBE(text.length, 5, 3);
  header.writeUInt8(0x80, 8);
  return Buffer.concat([header, text, Buffer.alloc(-text.length & 3)]);
}

function keysIn(answer: Buffer): Keys {
  const status = answer.readUInt16BE(36);
  if (answer.readUInt8(0) !== 0x23 || status !== 0) throw new Error(`the login failed: ${answer.toString('hex')}`);
  const text = answer.subarray(48, 48 + answer.readUIntBE(5, 3)).toString();
  const pairs = text.split('\0').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}
