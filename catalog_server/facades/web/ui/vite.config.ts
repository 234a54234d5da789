import { readFileSync } from "node:fs";
import { env } from "node:process";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// `CATALOG_SERVER_URL=http://127.0.0.1:8181 npm run dev` develops against a running server.
const server = env.CATALOG_SERVER_URL ?? "http://127.0.0.1:8181";

/** The fonts' licences travel with them; those of the scripts are collected by vite itself. */
function fontLicences(...fonts: string[]): Plugin {
  return {
    name: "font-licences",
    apply: "build",
    generateBundle() {
      for (const font of fonts) {
        const source = readFileSync(new URL(`node_modules/@fontsource-variable/${font}/LICENSE`, import.meta.url));
        this.emitFile({ type: "asset", fileName: `license-${font}.txt`, source });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), fontLicences("inter", "jetbrains-mono")],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    target: "es2023",
    chunkSizeWarningLimit: 700,
  },
  server: { host: "127.0.0.1", proxy: { "/api": server } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
