// The program that the conformance runner of the Protocol Buffers project talks to, over stdin and stdout: requests with
// a length of four bytes before them, and so the answers. node testee.mjs FOLDER, where the generated code is.
import { readSync, writeSync } from 'node:fs';
import { jsonCodec } from '@stmp/payload-json';
import { protobufCodec } from '@stmp/payload-protobuf';

const load = (file) => import(`${process.argv[2]}/${file}.js`);
const { ConformanceRequest, ConformanceResponse, TestCategory, WireFormat } = await load('conformance/conformance');
const { TestAllTypesProto3 } = await load('google/protobuf/test_messages_proto3');

const binary = protobufCodec();
const json = jsonCodec({ anyTypes: [TestAllTypesProto3], anyCodec: binary });
const message = binary.message(TestAllTypesProto3);
const text = json.message(TestAllTypesProto3);

function bytesOf(payload) {
  const bytes = Buffer.alloc(payload?.len ?? 0);
  payload?.finishInto(bytes, 0);
  return bytes;
}

function answer({ payload, requestedOutputFormat, messageType, testCategory }) {
  const isKnown =
    messageType === TestAllTypesProto3.typeName &&
    (payload?.case === 'protobufPayload' || payload?.case === 'jsonPayload') &&
    (requestedOutputFormat === WireFormat.PROTOBUF || requestedOutputFormat === WireFormat.JSON);
  if (!isKnown || testCategory === TestCategory.TEXT_FORMAT_TEST) return { case: 'skipped', value: 'not of STMP' };
  const { value } = payload;
  let parsed;
  try {
    parsed =
      payload.case === 'jsonPayload' ? text.decodeText(value, 0, value.length) : message.decode(value, 0, value.length);
  } catch (error) {
    return { case: 'parseError', value: error.message };
  }
  try {
    if (requestedOutputFormat === WireFormat.JSON)
      return { case: 'jsonPayload', value: text.encodeText(parsed) ?? '{}' };
    return { case: 'protobufPayload', value: bytesOf(message.encode(parsed)) };
  } catch (error) {
    return { case: 'serializeError', value: error.message };
  }
}

/** @returns undefined at the end of the input. */
function read(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const got = readSync(0, bytes, at, size - at, null);
    if (got === 0) return undefined;
    at += got;
  }
  return bytes;
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

for (let head = read(4); head !== undefined; head = read(4)) {
  const request = read(head.readUInt32LE());
  const result = answer(binary.message(ConformanceRequest).decode(request, 0, request.length));
  const response = bytesOf(binary.message(ConformanceResponse).encode({ result }));
  head.writeUInt32LE(response.length);
  write(Buffer.concat([head, response]));
}
