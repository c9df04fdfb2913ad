// Package event holds what happened in a run: the [Event] value and its twenty kinds, identifiers, [Metadata], the
// [Trace], and their MessagePack and JSON forms. It is the wire contract of the module and knows no scheduler and no
// file.
//
// # Schema, version 1
//
// A trace is metadata and a sequence of events. Every kind, its number, its fields in wire order, their types and the
// estimated size stand in one table (kind.go), which drives the codecs, [Event.String], [Event.Fields] and
// [Event.EstimatedSize]. The names and the order of the kinds are frozen: kinds are added, never changed.
//
// # MessagePack form
//
// A trace is one MessagePack value, an array of two: the metadata, then the events.
//
//	metadata  [version, seed, recorded_at, config_hash]                 without a description
//	          [version, seed, recorded_at, config_hash, description]    with one
//	event     [kind name, field, field, ...]                            fields in the order of the table
//
// Integers take the shortest form, names are fixstr. RngSeed{42} is
//
//	92 a7 52 6e 67 53 65 65 64 2a
//
// The decoders also accept any integer width, str8, str16, str32 and bin for text, array16 and array32 headers, a nil
// description, and maps with the field names as keys ("type" for the kind, "metadata" and "events" for the trace) in
// any order, unknown keys skipped; in a map an optional field may be left out. They refuse everything else, and bytes
// after the trace, with a [*DecodeError]. Limits: a description of 1 MiB, 2^32-1 events.
//
// # JSON form
//
// One object an event, {"type":"TaskScheduled","task":1,"at_tick":0}: type first, fields in wire order, an absent
// optional field as null, 64-bit numbers as exact JSON numbers. JSON lines put the metadata object on the first line
// and one event on each line after it.
//
// # Large traces
//
// A [Trace] holds all its events. [MsgpackReader] and [JSONLReader] read the two forms one event at a time, in constant
// memory; [AppendMsgpackHeader] with an [Encoder], and [Metadata.AppendJSON] with [Event.AppendJSON], write them so.
package event
