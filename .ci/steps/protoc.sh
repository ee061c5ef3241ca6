# the plugin, run by protoc and buf
need protoc protobuf-compiler
tests protoc
