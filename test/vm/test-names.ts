// Which tests are for the virtual machine: those of the same files that are not run on the host, or by a twin.

export const namesOfTests = /\blio\b|\bdevice-mapper\b|\b8021q\b|\bsoftdog\b/;
