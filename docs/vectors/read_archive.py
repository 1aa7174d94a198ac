#!/usr/bin/env python3
"""Decrypts an archive object of Waybill, verifies it, and prints its events, one JSON line each.

usage: read_archive.py [--agents agents.json] KEY OBJECT [NAME]

KEY is a file with the key of 64 hex digits (archive.keys), OBJECT the object (OBJECT.key is used if it exists), NAME its
name in the archive if the path does not end in it. agents.json has the agents' public keys that you trust, as
[{"agent": ..., "key": ..., "pem": ...}]; without it the keys inside the object are used, which proves only that the object
agrees with itself. It needs the packages cryptography and zstandard; docs/formats.md describes the format.
"""
import base64, hashlib, json, os, struct, sys
try:
    from cryptography.exceptions import InvalidSignature, InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    import zstandard
except ImportError as error:
    sys.exit(f"read_archive.py: the package {error.name} is missing: python3 -m pip install cryptography zstandard")

def sha256(data): return hashlib.sha256(data).digest()

def demand(is_so, sentence):
    if not is_so: sys.exit(f"read_archive.py: {sentence}")

def decrypt(key, sealed, name, rotated):
    demand(sealed[:8] == b"wbarch1\n", "not an archive object of format 1")
    start = 12 + struct.unpack(">I", sealed[8:12])[0]
    header, digest = json.loads(sealed[12:start]), sha256(sealed[:start])
    demand(name.endswith(header["name"]), f"this is the object {header['name']}, under another name")
    wrapped = base64.b64decode((rotated or header["key"])["wrapped"])
    try:
        data_key = AESGCM(key).decrypt(wrapped[:12], wrapped[12:], b"waybill/archive/key/1\n" + header["name"].encode())
    except InvalidTag:
        sys.exit(f"read_archive.py: this is not the key \"{(rotated or header['key'])['id']}\" that encrypts the object")
    each, chunks = header["chunk"] + 16, sealed[start:]
    count, content = max(1, -(-len(chunks) // each)), []
    for n in range(count):
        nonce = bytes(7) + struct.pack(">IB", n, n == count - 1)
        try: content.append(AESGCM(data_key).decrypt(nonce, chunks[n * each:(n + 1) * each], digest))
        except InvalidTag: sys.exit(f"read_archive.py: chunk {n} of {count} was changed, moved or cut off")
    return header, b"".join(content)

def root(leaves):
    if len(leaves) < 2: return leaves[0] if leaves else sha256(b"")
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:]))

def unpack(frame): return zstandard.ZstdDecompressor().decompress(frame)

def main(key_file, path, name, trusted):
    key = bytes.fromhex(open(key_file).read().strip())
    rotated = json.load(open(path + ".key")) if os.path.exists(path + ".key") else None
    header, content = decrypt(key, open(path, "rb").read(), name, rotated)
    at, length, mark = struct.unpack(">QI4s", content[-16:])
    demand(mark == b"wba1" and at + length + 16 == len(content), "there is no table of contents at the end")
    contents = json.loads(content[at:at + length])
    parts = {}
    for part, place in contents["parts"].items():
        parts[part] = content[place["offset"]:place["offset"] + place["length"]]
        demand(sha256(parts[part]).hex() == place["sha256"], f"part {part} does not have its hash")
    keys = {(k["agent"], k["key"]): load_pem_public_key(k["pem"].encode()) for k in trusted or json.loads(parts["keys"])}
    waybills, lines = [], []
    for row in unpack(parts["index"]).splitlines():
        offset, size_w, size_p, size_l = json.loads(row)[:4]
        frames = [content[a:b] for a, b in ((offset, offset + size_w), (offset + size_w, offset + size_w + size_p),
                                             (offset + size_w + size_p, offset + size_w + size_p + size_l))]
        waybills += [(json.loads(text), {}) for text in unpack(frames[0]).splitlines()]
        sealed = unpack(frames[2]).split(b"\n")[:-1]
        for place, line in zip(map(json.loads, unpack(frames[1]).splitlines()), sealed, strict=True):
            waybills[place[0]][1][place[1]] = sha256(b"\x00" + line)
            lines.append(line)
    demand(len(lines) == contents["events"] and len(waybills) == contents["waybills"], "events or waybills are missing")
    signed = 0
    for waybill, leaves in waybills:
        kept, where = waybill["kept"], f"waybill {waybill['sequence']} of {waybill['agent']}"
        if kept is None: continue
        manifest, hashes = base64.b64decode(kept["manifest"]), base64.b64decode(kept["hashes"])
        all_leaves = {**{p: hashes[32 * i:32 * i + 32] for i, p in enumerate(kept["absent"])}, **leaves}
        told = json.loads(manifest)
        demand(len(all_leaves) == told["events"], f"{where} lacks leaf hashes")
        demand(root([all_leaves[p] for p in sorted(all_leaves)]).hex() == told["root"], f"{where} does not have its root")
        public = keys.get((waybill["agent"], told["key"]))
        if public is None: continue
        try: public.verify(base64.b64decode(kept["signature"]), b"waybill/manifest/1\n" + manifest)
        except InvalidSignature: sys.exit(f"read_archive.py: the signature of {where} is wrong")
        signed += 1
    for line in lines: sys.stdout.buffer.write(line + b"\n")
    print(f"{len(lines)} events of {len(waybills)} waybills are sound; {signed} signatures were verified", file=sys.stderr)

if __name__ == "__main__":
    arguments, trusted = sys.argv[1:], None
    if arguments[:1] == ["--agents"]: trusted, arguments = json.load(open(arguments[1])), arguments[2:]
    if len(arguments) not in (2, 3): sys.exit(__doc__)
    main(arguments[0], arguments[1], arguments[2] if len(arguments) == 3 else arguments[1], trusted)
