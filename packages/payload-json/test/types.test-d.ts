import type { MessageType, PayloadCodec } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { describe, expectTypeOf, it } from 'vitest';

interface Badge {
  title: string;
}
interface BadgeInit {
  title?: string | undefined;
}
declare const Badge: MessageType<Badge, BadgeInit>;
declare const anyCodec: PayloadCodec;

describe('the types that an Any may hold', () => {
  it('are message types as they are generated', () => {
    expectTypeOf(jsonCodec({ anyTypes: [Badge], anyCodec })).toExtend<PayloadCodec>();
  });
});
