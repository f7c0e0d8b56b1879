/** Flags, and whole numbers, that choose what an update does. */
export type Form = Readonly<Record<string, boolean | number>>;
