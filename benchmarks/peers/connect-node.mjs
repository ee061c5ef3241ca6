// @connectrpc/connect-node: unary calls by the gRPC protocol over HTTP/2, its fastest setting here.
import http2 from 'node:http2';
import { create } from '@bufbuild/protobuf';
import { fileDesc, messageDesc, serviceDesc } from '@bufbuild/protobuf/codegenv2';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { caller } from './note.mjs';

// What protoc makes of: package bench; message Note { uint32 id = 1; string text = 2; } service Echo { rpc Echo(Note) returns (Note); }
const file = fileDesc(
  'CgtiZW5jaC5wcm90bxIFYmVuY2giKgoETm90ZRIOCgJpZBgBIAEoDVICaWQSEgoEdGV4dBgCIAEoCVIEdGV4dDIoCgRFY2hvEiAKBEVjaG8SCy5iZW5jaC5Ob3RlGgsuYmVuY2guTm90ZWIGcHJvdG8z',
);
const Note = messageDesc(file, 0);
const Echo = serviceDesc(file, 0);

export async function serve() {
  const routes = (router) => router.service(Echo, { echo: ({ id, text }) => create(Note, { id, text }) });
  const server = http2.createServer({}, connectNodeAdapter({ routes }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port };
}

export async function open(port, { bytes }) {
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  const client = createClient(Echo, transport);
  await client.echo({ id: 1, text: '' });
  return caller(
    bytes,
    (note) => client.echo(note),
    undefined,
    () => {},
  );
}
