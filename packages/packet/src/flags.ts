// Bits of the head byte `1 KKK P H A 0`. Source: STMP 1.0, section 2.
export const FLAG_PAYLOAD = 0x08;
export const FLAG_HEADER = 0x04;
/** The action is a method name. */
export const FLAG_METHOD = 0x02;
