// Tuning of the kernel's target, by the kernel's own names. What is left out and has no default is left to the kernel.
import { Type } from 'typebox';
import { section } from './fields.ts';

export const lio = section(
  'The target of the kernel, by the names of the kernel. Written whenever a disk is defined or a path opened',
  {
    attributes: section('Attributes of each portal group (`attrib/`)', {
      default_cmdsn_depth: count(1, 512, 'Commands that an initiator may have under way in a session', 64),
      login_timeout: count(5, 30, 'Seconds that a login may take', 15),
      login_keys_workaround: flag('Answers logins of initiators that send all their keys too late', true),
      demo_mode_discovery: flag('Initiators that may not log in can ask which targets there are', false),
    }),
    parameters: section('What each portal group negotiates at login (`param/`)', {
      MaxRecvDataSegmentLength: bytes('Most data in one packet that the target receives', 262_144),
      MaxXmitDataSegmentLength: bytes('Most data in one packet that the target sends', 262_144),
      MaxBurstLength: bytes('Most data in one sequence', 1_048_576),
      FirstBurstLength: bytes('Most data that may come without being asked for', 262_144),
      ImmediateData: flag('Data may come with the command', true),
      InitialR2T: flag('No data comes before it is asked for, except with the command', false),
      MaxOutstandingR2T: count(1, 65_535, 'Requests for data that may be open for one command', 1),
      DefaultTime2Retain: count(0, 3600, 'Seconds for which a cut connection may be taken up again', 20),
      DefaultTime2Wait: count(0, 3600, 'Seconds that initiators wait at least after a cut', 2, { dynamicDefault: '0' }),
      HeaderDigest: digest('headers'),
      DataDigest: digest('data'),
    }),
    device: section('Attributes of each disk (`core/…/attrib/`), written before it is served for the first time', {
      queue_depth: count(1, 4096, 'Commands that the disk takes at once', 128),
      emulate_tpu: flag('Initiators may give back blocks (UNMAP). The storage must be able to', true),
      emulate_tpws: flag('Initiators may give back blocks by WRITE SAME. The storage must be able to', true),
      emulate_caw: flag('Initiators may compare and write in one step (VMware ATS)', true),
      emulate_3pc: flag('Initiators may have the target copy (EXTENDED COPY, VMware XCOPY)', true),
      max_unmap_lba_count: count(1, 4_294_967_295, 'Blocks that one UNMAP may give back', 8192),
      max_unmap_block_desc_count: count(1, 65_535, 'Ranges that one UNMAP may name', 1),
      unmap_granularity: count(0, 4_294_967_295, 'Blocks that can only be given back together', 8192),
      max_write_same_len: count(1, 4_294_967_295, 'Blocks that one WRITE SAME may write', 65_535),
      is_nonrot: flag('Initiators are told that the disk has no turning parts', true),
    }),
  },
);

/** `dynamicDefault`: what the adapter writes when nothing is said. */
function count(minimum: number, maximum: number, description: string, example: number, more = {}) {
  return Type.Optional(Type.Integer({ minimum, maximum, description, examples: [example], ...more }));
}

/** The kernel's limits of every length. */
function bytes(description: string, example: number) {
  return count(512, 16_777_215, `${description}, in bytes`, example);
}

function flag(description: string, example: boolean) {
  return Type.Optional(Type.Boolean({ description, examples: [example] }));
}

function digest(what: string) {
  const choices = ['None', 'CRC32C', 'CRC32C,None', 'None,CRC32C'].map((choice) => Type.Literal(choice));
  const description = `Checksum over ${what}; of two, the first is preferred`;
  return Type.Optional(Type.Union(choices, { description, examples: ['CRC32C,None'] }));
}
