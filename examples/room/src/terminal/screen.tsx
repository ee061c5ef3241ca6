import { Box, render, Static, Text, type TextProps, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useReducer, useRef, useState } from 'react';
import type { LinkState, RoomClient } from '../room-client-types.js';
import { MAX_CONTENT_BYTES } from '../rules.js';
import { type Conversation, createConversation } from './conversation.js';
import { EDIT, type EditedLine, EMPTY_LINE, insert, textOf } from './line-editor.js';
import { info, type Line, type LineKind } from './lines.js';
import { safeText } from './safe-text.js';

/** The counter shows from here on. */
const COUNTED_BYTES = 100;
const NAME_COLOURS = ['magenta', 'yellow', 'blue', 'green', 'magentaBright', 'yellowBright', 'blueBright'] as const;

/** Keys that edit the line, as they are in shells. */
const CONTROL_KEYS: Readonly<Record<string, string>> = {
  '\x01': 'home',
  '\x05': 'end',
  '\x08': 'backspace',
  '\x0b': 'killToEnd',
  '\x15': 'killToStart',
  '\x17': 'killWord',
  '\x7f': 'backspace',
};

interface ScreenProps {
  readonly client: RoomClient;
  readonly address: string;
}

/** Takes the terminal over until `/quit`, Ctrl-C, or the end of the client. */
export async function runScreen(client: RoomClient, address: string): Promise<void> {
  const app = render(<Screen client={client} address={address} />, { exitOnCtrlC: false });
  await app.waitUntilExit();
}

function Screen({ client, address }: ScreenProps): ReactElement {
  const { exit } = useApp();
  const [lines, setLines] = useState<readonly Line[]>([
    info(`connected to ${address} as ${client.name}; /help lists the commands`),
  ]);
  const conversation = useRef<Conversation>(undefined);
  // Several keys may come before the next drawing, so this is no state.
  const edited = useRef<EditedLine>(EMPTY_LINE);
  const typed = useRef<string[]>([]);
  const recalled = useRef(0);
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    conversation.current = createConversation(client, (line) => setLines((before) => [...before, line]));
    return client.on((event) => {
      redraw();
      if (event.type === 'link' && event.link.name === 'closed') exit();
    });
  }, [client, exit]);

  const setEdited = (line: EditedLine): void => {
    edited.current = line;
    redraw();
  };

  const enter = (): void => {
    const line = textOf(edited.current);
    setEdited(EMPTY_LINE);
    if (line.trim() === '') return;
    typed.current.push(line);
    recalled.current = typed.current.length;
    conversation.current?.run(line).then(
      (goOn) => goOn || exit(),
      () => exit(),
    );
  };

  const recall = (step: number): void => {
    recalled.current = Math.max(0, Math.min(typed.current.length, recalled.current + step));
    setEdited({ left: typed.current[recalled.current] ?? '', right: '' });
  };

  /** Several keys may come as one text: pasted lines, each of which is entered, and keys that are struck fast. */
  const take = (input: string): void => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys come as such
    for (const part of input.split(/(\r\n|[\0-\x1f\x7f])/)) {
      const edit = EDIT[CONTROL_KEYS[part] ?? ''];
      if (part.startsWith('\r') || part === '\n') enter();
      else if (edit !== undefined) setEdited(edit(edited.current));
      else if (part >= ' ') setEdited(insert(edited.current, safeText(part)));
    }
  };

  useInput((input, key) => {
    const edit = (name: string): void => setEdited(EDIT[name]!(edited.current));
    if (key.ctrl && (input === 'c' || (input === 'd' && textOf(edited.current) === ''))) exit();
    else if (key.return) enter();
    else if (key.upArrow) recall(-1);
    else if (key.downArrow) recall(1);
    else if (key.leftArrow) edit('left');
    else if (key.rightArrow) edit('right');
    else if (key.home) edit('home');
    else if (key.end) edit('end');
    // Terminals do not agree on which of the two the key left of Return is.
    else if (key.backspace || key.delete) edit('backspace');
    else if (key.ctrl) take(String.fromCharCode(input.charCodeAt(0) & 31));
    else if (!key.meta && !key.escape && !key.tab) take(input);
  });

  return (
    <>
      <Static items={[...lines]}>{(line, index) => <LineView key={index} line={line} />}</Static>
      <Box marginTop={1}>
        <StatusView client={client} />
      </Box>
      <InputView line={edited.current} />
    </>
  );
}

function LineView({ line }: { readonly line: Line }): ReactElement {
  const { kind, user, text, atMs, missed } = line;
  if (user === undefined) return <NoticeView kind={kind} text={text} />;
  const own = kind === 'own';
  return (
    <Box>
      <Box flexShrink={0}>
        <Text dimColor>{timeOf(atMs ?? 0)} </Text>
        <Text bold color={own ? 'cyan' : colourOf(user)}>
          {own ? 'you' : user}{' '}
        </Text>
      </Box>
      <Text>
        <Text {...(own ? { color: 'cyan' } : {})}>{text}</Text>
        {missed ? <Text dimColor> (missed)</Text> : null}
      </Text>
    </Box>
  );
}

const NOTICES: Readonly<Record<LineKind, { readonly sign: string } & TextProps>> = {
  own: { sign: ' ' },
  other: { sign: ' ' },
  enter: { sign: '→', color: 'green' },
  exit: { sign: '←', color: 'yellow' },
  status: { sign: '◦', dimColor: true, italic: true },
  info: { sign: '·', dimColor: true },
  error: { sign: '✗', color: 'red' },
};

function NoticeView({ kind, text }: { readonly kind: LineKind; readonly text: string }): ReactElement {
  const { sign, ...look } = NOTICES[kind];
  return (
    <Text {...look}>
      {'      '}
      {sign} {text}
    </Text>
  );
}

function StatusView({ client }: { readonly client: RoomClient }): ReactElement {
  const { link, room, roomUsers, name } = client;
  const seconds = useCountdown(link);
  if (link.name === 'online') {
    const where = room === '' ? 'in no room; /rooms, /join NAME' : `${safeText(room)}, ${roomUsers.length} here`;
    return (
      <Text>
        <Text color="green">● </Text>
        <Text bold>{safeText(name)}</Text>
        <Text dimColor> {where}</Text>
      </Text>
    );
  }
  const what = link.name === 'retrying' ? `retrying in ${seconds} s` : 'connecting…';
  return (
    <Text color="yellow">
      ○ <Text bold>no connection</Text>, {what}
    </Text>
  );
}

/** Whole seconds until the next attempt. */
function useCountdown(link: LinkState): number {
  const delayMs = link.name === 'retrying' ? link.delayMs : 0;
  const [endMs, setEndMs] = useState(0);
  const [nowMs, setNowMs] = useState(0);
  useEffect(() => {
    if (link.name !== 'retrying') return;
    setEndMs(Date.now() + delayMs);
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [link, delayMs]);
  return Math.max(1, Math.ceil((endMs - nowMs) / 1_000));
}

function InputView({ line }: { readonly line: EditedLine }): ReactElement {
  const under = /^./su.exec(line.right)?.[0] ?? ' ';
  const bytes = Buffer.byteLength(textOf(line).trim());
  return (
    <Text>
      <Text color="cyan">{'> '}</Text>
      {line.left}
      <Text inverse>{under}</Text>
      {line.right.slice(under.length)}
      {bytes >= COUNTED_BYTES ? (
        <Text dimColor={bytes <= MAX_CONTENT_BYTES} {...(bytes > MAX_CONTENT_BYTES ? { color: 'red' } : {})}>
          {' '}
          {bytes}/{MAX_CONTENT_BYTES}
        </Text>
      ) : null}
    </Text>
  );
}

function timeOf(atMs: number): string {
  const at = new Date(atMs);
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
}

/** The same name has the same colour everywhere. */
function colourOf(name: string): string {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 9_973;
  return NAME_COLOURS[sum % NAME_COLOURS.length]!;
}
