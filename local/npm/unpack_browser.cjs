// node unpack_browser.cjs FOLDER: unpacks what @sparticuz/chromium ships, with Node's own Brotli, which Python lacks.
"use strict";
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { brotliDecompressSync } = require("node:zlib");
const packed = join(__dirname, "node_modules", "@sparticuz", "chromium", "bin");
mkdirSync(process.argv[2], { recursive: true });
for (const name of ["chromium", "al2023.tar", "fonts.tar"]) {
  writeFileSync(join(process.argv[2], name), brotliDecompressSync(readFileSync(join(packed, `${name}.br`))), { mode: 0o755 });
}
