// Names of network interfaces. `eth1.100` is VLAN 100 on eth1: the name alone says what to make when it is not there.

/** The kernel's own limit. */
export const interfaceNameMax = 15;

export interface Vlan {
  readonly parent: string;
  readonly id: number;
}

export const interfaceName = (name: string, vlan: number | undefined): string =>
  vlan === undefined ? name : `${name}.${String(vlan)}`;

/** Null when the name is not that of a VLAN. */
export function vlanOf(name: string): Vlan | null {
  const [, parent, digits] = /^(.+)\.([1-9]\d{0,3})$/.exec(name) ?? [];
  const id = Number(digits);
  return parent === undefined || id > 4094 ? null : { parent, id };
}
