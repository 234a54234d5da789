import { expect, test } from "vitest";
import { mentions, offsetOf, statementAt, statements } from "./statements";

test("semicolons in quotes and comments do not end a statement", () => {
  const text = "select ';' -- a;b\n, \"x;y\"; /* ; */ select 2;\n\n";
  expect(statements(text).map((each) => each.text)).toEqual(["select ';' -- a;b\n, \"x;y\"", "/* ; */ select 2"]);
  for (const each of statements(text)) expect(text.slice(each.from, each.to)).toBe(each.text);
});

test("the statement at the cursor is the one around it, else the last", () => {
  const text = "select 1;\nselect 2;\n";
  expect(statementAt(text, 3)?.text).toBe("select 1");
  expect(statementAt(text, 12)?.text).toBe("select 2");
  expect(statementAt(text, text.length)?.text).toBe("select 2");
  expect(statementAt("  ", 1)).toBeNull();
});

test("a line and column from one become an offset, held inside the text", () => {
  expect(offsetOf("select\n  nope", 2, 3)).toBe(9);
  expect(offsetOf("abc", 9, 9)).toBe(3);
});

test("tables are found with their aliases, quoted or not", () => {
  expect(mentions('select * from hive.raw."odd ""name" o join b on true left join c as d where x')).toEqual([
    { path: ["hive", "raw", 'odd "name'], alias: "o" },
    { path: ["b"], alias: null },
    { path: ["c"], alias: "d" },
  ]);
});
