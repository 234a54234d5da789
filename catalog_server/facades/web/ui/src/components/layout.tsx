// The frame of a page: its head, its tabs, its panels.
import { type KeyboardEvent, type ReactNode, useEffect, useId } from "react";
import { setParams } from "../router";
import { Link } from "./basics";

interface PageProps {
  title: string;
  /** What stands in the browser's tab, when it is not the title. */
  documentTitle?: string;
  crumbs?: readonly { label: string; to: string }[];
  badges?: ReactNode;
  lede?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · catalog`;
  }, [title]);
}

export function PageFrame({ title, documentTitle, crumbs, badges, lede, actions, children }: PageProps) {
  useTitle(documentTitle ?? title);
  return (
    <div className="page">
      <header className="page-head">
        <div className="titles">
          {crumbs !== undefined && (
            <nav className="crumbs" aria-label="Where this is">
              {crumbs.map((crumb, at) => (
                <span key={crumb.to}>
                  {at > 0 && "/ "}
                  <Link to={crumb.to}>{crumb.label}</Link>
                </span>
              ))}
            </nav>
          )}
          <div className="title-line">
            <h1>{title}</h1>
            {badges}
          </div>
          {lede !== undefined && lede !== null && lede !== "" && lede !== false && <div className="lede">{lede}</div>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Panel({
  title,
  end,
  children,
  body = false,
}: {
  title?: ReactNode;
  end?: ReactNode;
  children: ReactNode;
  body?: boolean;
}) {
  return (
    <section className="panel">
      {(title !== undefined || end !== undefined) && (
        <header>
          {typeof title === "string" ? <h2>{title}</h2> : title}
          {end !== undefined && <div className="end">{end}</div>}
        </header>
      )}
      {body ? <div className="body">{children}</div> : children}
    </section>
  );
}

export interface Tab {
  id: string;
  label: string;
  count?: number | null;
  render: () => ReactNode;
}

/** Tabs whose choice is the URL's `tab`; arrow keys move between them. */
export function Tabs({ tabs, active, label }: { tabs: readonly Tab[]; active: string; label: string }) {
  const base = useId();
  const current = tabs.find((tab) => tab.id === active) ?? tabs[0];
  const choose = (tab: Tab) => setParams({ tab: tab === tabs[0] ? undefined : tab.id }, true);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0 || current === undefined) return;
    const next = tabs[(tabs.indexOf(current) + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  if (current === undefined) return null;
  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${base}-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === current}
            aria-controls={`${base}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => choose(tab)}
          >
            {tab.label}
            {tab.count !== undefined && tab.count !== null && <span className="number">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div id={`${base}-panel`} role="tabpanel" aria-labelledby={`${base}-${current.id}`}>
        {current.render()}
      </div>
    </>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The button under a list that has another page. */
export function More({
  pages,
}: {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  if (!pages.hasNextPage) return null;
  return (
    <div className="body">
      <button
        type="button"
        className="button"
        disabled={pages.isFetchingNextPage}
        onClick={() => void pages.fetchNextPage()}
      >
        {pages.isFetchingNextPage ? "Loading…" : "Show more"}
      </button>
    </div>
  );
}
