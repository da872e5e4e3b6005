// Settings that were left out are left out of what is made of them, too.

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };
export const defined = <T extends object>(object: T): Defined<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
