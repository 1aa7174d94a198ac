/** The part `readme` of each object, and README.md beside the objects. docs/formats.md has the same, with all details. */
export const README = `# A Waybill archive

This folder (or bucket prefix) holds audit events that Waybill archived, one object for each category, partition and day:
CATEGORY/YEAR/MONTH/DAY/PARTITION.PART.wba. Queries that were exported are under query/.

To read an object without Waybill, use read_archive.py, which Waybill publishes in docs/vectors/. You need the key that
the object names: a key of 64 hex digits, or the key service that the operator used.

An object, numbers big-endian:

1. "wbarch1" and a newline; 4 bytes, the length of the header; the header, JSON: version, name, chunk (bytes of a
   chunk), key.id, key.wrapped (base64).
2. Chunks: AES-256-GCM over \`chunk\` bytes of the content each (the last one has the rest), each with its tag of 16
   bytes. The nonce is 7 zero bytes, the number of the chunk (4 bytes, from 0), and 1 for the last chunk, else 0. The
   additional data is the SHA-256 of everything before the first chunk.

The key of the chunks is encrypted: key.wrapped is a nonce (12 bytes), the key (32), the tag (16): AES-256-GCM with the
key that key.id names, additional data "waybill/archive/key/1", a newline and the object's name. If there is a file
with the object's name and ".key" behind it, its id and wrapped replace those of the header.

The content:

1. Blocks. A block is three zstd frames: waybills, places and lines, each with one entry a line.
   - lines: the events, each byte for byte as its agent sealed it (canonical JSON, RFC 8785).
   - places: [number of the waybill in this object from 0, position in the waybill, time of receipt in ms, why its id
     is another than the sealed one or null, what the indexer added as JSON text].
   - waybills: agent, incarnation, sequence, and kept: at, manifest (base64), signature (base64), result, fates, and the leaf
     hashes of the waybill's lines that are not in this object (absent: their positions, hashes: base64, 32 bytes each).
2. filters: for each block a Bloom filter of its words. 3. ids: for each event 8 bytes, sorted: 4 of the SHA-256 of the
   event's id, 4 the number of the line. 4. index, a zstd frame, for each block a line [offset, bytes of waybills,
   places, lines; number of lines, of waybills; earliest and latest @timestamp in ms; bytes of the filter].
   5. keys: the public keys of the agents, JSON. 6. readme: this text.
3. The table of contents, JSON, with offset, length and SHA-256 of each part.
4. The trailer: the offset of the table of contents (8 bytes), its length (4), "wba1".

To prove a waybill: the leaf of a line is SHA-256(0x00, line), a node SHA-256(0x01, left, right), the tree that of RFC
9162. The root over all leaves is \`root\` in the manifest. The signature is Ed25519 over "waybill/manifest/1", a newline
and the manifest.
`
