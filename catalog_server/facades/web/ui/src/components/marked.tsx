// A text with the words that were searched for marked in it.
import { pieces } from "../lib/hits";

export function Marked({ text, query }: { text: string; query: string }) {
  return (
    <>
      {pieces(text, query).map((piece, at) =>
        piece.hit ? <mark key={at}>{piece.text}</mark> : <span key={at}>{piece.text}</span>,
      )}
    </>
  );
}
