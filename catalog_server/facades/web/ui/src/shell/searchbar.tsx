// The search box at the top: `/` or Ctrl+K brings one there, arrows choose, Enter goes.
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { get } from "../api/client";
import type { Hit, Page } from "../api/types";
import { Icon, type IconName, kindIcon } from "../components/icons";
import { Marked } from "../components/marked";
import { hitHref } from "../lib/hits";
import { href, navigate, useLocation } from "../router";

interface Choice {
  key: string;
  to: string;
  icon: IconName;
  label: string;
  where: string;
}

const PLACES: readonly { label: string; to: string; icon: IconName }[] = [
  { label: "Write SQL", to: "/sql", icon: "sql" },
  { label: "Create a crawler", to: "/new-crawler", icon: "crawler" },
  { label: "Create a job", to: "/new-job", icon: "job" },
  { label: "Create a connection", to: "/new-connection", icon: "connection" },
];

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

function useFocusKeys(focus: () => void): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const command = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
      const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
      if (!command && !slash) return;
      event.preventDefault();
      focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [focus]);
}

function useChoices(text: string): Choice[] {
  const asked = useDeferredValue(text.trim());
  const hits = useQuery({
    queryKey: ["search", "palette", asked],
    queryFn: ({ signal }) => get<Page<Hit>>(["search"], { q: asked, page_size: 8 }, signal),
    enabled: asked !== "",
    placeholderData: (previous) => (asked === "" ? undefined : previous),
  });
  const words = text.trim().toLowerCase();
  const places = PLACES.filter((place) => words === "" || place.label.toLowerCase().includes(words));
  return [
    ...(asked === "" ? [] : (hits.data?.items ?? [])).map((hit, at) => ({
      key: `hit-${at}`,
      to: hitHref(hit),
      icon: kindIcon(hit.kind),
      label: hit.column === null || hit.matched.includes("name") ? hit.name : `${hit.name}.${hit.column}`,
      where: [hit.catalog, hit.database].filter((part) => part !== null).join("."),
    })),
    ...places.map((place) => ({ key: place.to, to: place.to, icon: place.icon, label: place.label, where: "page" })),
  ];
}

export function SearchBar() {
  const { path, search } = useLocation();
  const shown = path === "/search" ? (new URLSearchParams(search).get("q") ?? "") : "";
  const [text, setText] = useState(shown);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const choices = useChoices(text);
  const focus = useRef(() => {
    input.current?.focus();
    input.current?.select();
  });
  useFocusKeys(focus.current);
  useEffect(() => {
    setText(shown);
    setOpen(false);
  }, [path, shown]);

  const leave = (to: string) => {
    setOpen(false);
    setActive(-1);
    input.current?.blur();
    navigate(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      if (open) setOpen(false);
      else input.current?.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const by = event.key === "ArrowDown" ? 1 : -1;
      setActive((now) => Math.max(-1, Math.min(choices.length - 1, now + by)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const choice = choices[active];
      if (open && choice !== undefined) leave(choice.to);
      else if (text.trim() !== "") leave(href(["search"], { q: text.trim() }));
    }
  };
  const showing = open && choices.length > 0;
  return (
    <div className="searchbar" role="search">
      <Icon name="search" />
      <input
        ref={input}
        value={text}
        placeholder="Search tables, columns, connections…"
        aria-label="Search the catalog"
        role="combobox"
        aria-expanded={showing}
        aria-controls={list}
        aria-activedescendant={showing && active >= 0 ? `${list}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(-1);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <span className="keys" aria-hidden="true">
        <kbd>/</kbd>
        <kbd>Ctrl K</kbd>
      </span>
      {showing && (
        <div className="palette" role="listbox" id={list} aria-label="Suggestions">
          {choices.map((choice, at) => (
            <div
              key={choice.key}
              id={`${list}-${at}`}
              role="option"
              aria-selected={at === active}
              onMouseEnter={() => setActive(at)}
              onMouseDown={(event) => {
                event.preventDefault();
                leave(choice.to);
              }}
            >
              <Icon name={choice.icon} className="faint" />
              <span className="cut">
                <Marked text={choice.label} query={choice.where === "page" ? "" : text} />
              </span>
              <span className="where cut">{choice.where}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
