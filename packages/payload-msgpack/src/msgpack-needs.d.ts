// Names of the DOM library that the declarations of @msgpack/msgpack use, for compiling without that library.
type BufferSource = ArrayBufferView | ArrayBuffer;
interface ReadableStream<_T> {
  readonly locked: boolean;
}
