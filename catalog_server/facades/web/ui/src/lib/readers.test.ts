import { expect, test } from "vitest";
import { enginesIn, notFor } from "./readers";

test("engines are named in words", () => {
  expect(enginesIn("sql, spark")).toBe("The server's SQL and Spark");
  expect(enginesIn("spark")).toBe("Spark");
});

test("those that are left out are named too", () => {
  expect(notFor("sql")).toBe("Spark and Trino");
  expect(notFor("spark, trino")).toBe("the server's SQL");
});
