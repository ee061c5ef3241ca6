import { Box, render, Static, Text, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useReducer, useRef, useState } from 'react';
import type { LinkState, RoomClient } from '../room-client-types.js';
import { MAX_CONTENT_BYTES } from '../rules.js';
import { type Conversation, createConversation } from './conversation.js';
import { EDIT, type EditedLine, EMPTY_LINE, insert, textOf } from './line-editor.js';
import { info, type Line } from './lines.js';
import { safeText } from './safe-text.js';

/** The counter shows from here on. */
const COUNTED_BYTES = 100;
const NAME_COLOURS = ['magenta', 'yellow', 'blue', 'green', 'magentaBright', 'yellowBright', 'blueBright'] as const;

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
  const [edited, setEdited] = useState<EditedLine>(EMPTY_LINE);
  const conversation = useRef<Conversation>(undefined);
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

  const enter = (line: string): void => {
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

  useInput((input, key) => {
    const edit = (name: string): void => setEdited((line) => EDIT[name]!(line));
    if (key.ctrl && (input === 'c' || (input === 'd' && textOf(edited) === ''))) exit();
    else if (key.return) enter(textOf(edited));
    else if (key.upArrow) recall(-1);
    else if (key.downArrow) recall(1);
    else if (key.leftArrow) edit('left');
    else if (key.rightArrow) edit('right');
    else if (key.home || (key.ctrl && input === 'a')) edit('home');
    else if (key.end || (key.ctrl && input === 'e')) edit('end');
    // Terminals do not agree on which of the two the key left of Return is.
    else if (key.backspace || key.delete) edit('backspace');
    else if (key.ctrl && input === 'u') edit('killToStart');
    else if (key.ctrl && input === 'k') edit('killToEnd');
    else if (key.ctrl && input === 'w') edit('killWord');
    else if (!key.ctrl && !key.meta && !key.escape && !key.tab) paste(input);
  });

  /** A pasted text may have several lines: each is entered, the rest stays to be edited. */
  const paste = (input: string): void => {
    const parts = input.split(/\r\n|\r|\n/);
    const last = parts.pop() ?? '';
    let line = edited;
    for (const part of parts) {
      enter(textOf(insert(line, safeText(part))));
      line = EMPTY_LINE;
    }
    if (parts.length === 0) setEdited((now) => insert(now, safeText(last)));
    else setEdited(insert(EMPTY_LINE, safeText(last)));
  };

  return (
    <>
      <Static items={[...lines]}>{(line, index) => <LineView key={index} line={line} />}</Static>
      <Box marginTop={1}>
        <StatusView client={client} />
      </Box>
      <InputView line={edited} />
    </>
  );
}

function LineView({ line }: { readonly line: Line }): ReactElement {
  const { kind, user, text, atMs, missed } = line;
  if (user !== undefined) {
    return (
      <Text>
        <Text dimColor>{timeOf(atMs ?? 0)} </Text>
        <Text bold color={kind === 'own' ? 'cyan' : colourOf(user)}>
          {kind === 'own' ? 'you' : user}
        </Text>
        {kind === 'own' ? <Text color="cyan"> {text}</Text> : <Text> {text}</Text>}
        {missed ? <Text dimColor> (missed)</Text> : null}
      </Text>
    );
  }
  switch (kind) {
    case 'enter':
      return <Text color="green"> → {text}</Text>;
    case 'exit':
      return <Text color="yellow"> ← {text}</Text>;
    case 'status':
      return (
        <Text dimColor italic>
          {'      ◦ '}
          {text}
        </Text>
      );
    case 'error':
      return <Text color="red"> ✗ {text}</Text>;
    default:
      return <Text dimColor> · {text}</Text>;
  }
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
