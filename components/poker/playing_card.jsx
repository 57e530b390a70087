import React, { memo } from "react";

const RANK_NAMES = {
  A: "Ace", K: "King", Q: "Queen", J: "Jack", T: "Ten", 9: "Nine", 8: "Eight",
  7: "Seven", 6: "Six", 5: "Five", 4: "Four", 3: "Three", 2: "Two",
};
const SUIT_NAMES = { s: "spades", h: "hearts", d: "diamonds", c: "clubs" };

// Ranks are drawn, not set in type, so that they look the same everywhere and stay crisp when small. Box 20 x 29.
const RANKS = {
  A: "M2 26 10 3l8 23M5.3 18.5h9.4",
  K: "M3.5 3v23M17 3 3.5 16.5M8.7 11.5 17.8 26",
  Q: "M10 3C4.7 3 2 7.7 2 14.5S4.7 26 10 26s8-4.7 8-11.5S15.3 3 10 3zM11.5 20l6 7",
  J: "M14.5 3v16.2c0 4.5-2.3 6.8-5.8 6.8C5.5 26 3.5 24 3 20.5",
  T: "M2 4.5h16M10 4.5V26",
  9: "M17 10c0 4-3 6.7-7 6.7S3 14 3 9.8 6 3 10 3s7 2.5 7 7c0 8-3 14-10 16",
  8: "M10 3C6.5 3 4 5.2 4 8.3s2.5 5.3 6 5.3 6-2.2 6-5.3S13.5 3 10 3zM10 13.6c-4.3 0-7 2.4-7 6.2S5.7 26 10 26s7-2.4 7-6.2-2.7-6.2-7-6.2z",
  7: "M3 4.5h14L8 26",
  6: "M3 19c0-4 3-6.7 7-6.7s7 2.7 7 6.9S14 26 10 26s-7-2.5-7-7C3 11 6 5 13 3",
  5: "M16 4.5H5.5L4.3 14c1.7-1.4 3.7-2 5.7-2 4.3 0 7 2.8 7 7s-3 7-7.2 7C6.5 26 4.3 24.6 3 22",
  4: "M13.5 26V3l-11 16.5H18",
  3: "M3.5 6C5 4 7.2 3 10 3c3.6 0 6 2.2 6 5.4s-2.4 5.2-6.5 5.2C14 13.6 17 15.8 17 19.6S14 26 9.8 26C6.5 26 4.2 24.8 3 22.5",
  2: "M3.5 9C3.8 5.3 6.4 3 10.2 3c3.8 0 6.3 2.3 6.3 5.7 0 2.8-1.5 4.8-4 7.1L3.5 25.5h14",
};

// Box 24 x 24.
const SUITS = {
  s: "M12 1.5c3 4.2 9.2 7.6 9.2 12.5a4.6 4.6 0 0 1-8.1 3c.2 2.3 1 3.8 3 5H7.9c2-1.2 2.8-2.7 3-5a4.6 4.6 0 0 1-8.1-3C2.8 9.1 9 5.7 12 1.5z",
  h: "M12 21.8C5.2 16 2 12.6 2 8.2A5.3 5.3 0 0 1 7.4 2.8c2 0 3.7 1.1 4.6 2.9.9-1.8 2.6-2.9 4.6-2.9A5.3 5.3 0 0 1 22 8.2c0 4.4-3.2 7.8-10 13.6z",
  d: "M12 1.2 20.3 12 12 22.8 3.7 12z",
  c: "M12 1.8a4.7 4.7 0 0 1 4 7.2 4.7 4.7 0 1 1-2.9 8c.2 2.2 1 3.8 3 5H7.9c2-1.2 2.8-2.8 3-5A4.7 4.7 0 1 1 8 9a4.7 4.7 0 0 1 4-7.2z",
};

const INK = { s: "var(--spade)", h: "var(--heart)", d: "var(--diamond)", c: "var(--club)" };

// card: "Ah"; "" with back set is a hidden card, "" without it an empty place that keeps its room.
export const PlayingCard = memo(function PlayingCard({ card = "", back = false }) {
  if (!card) {
    if (!back) return <span className="card card--empty" aria-hidden="true" />;
    return (
      <svg className="card" viewBox="0 0 60 84" role="img" aria-label="Hidden card">
        <rect x="0.5" y="0.5" width="59" height="83" rx="6.5" fill="var(--card-back)" />
        <path d="M14 20h32M14 31h32M14 42h32M14 53h32M14 64h32" stroke="var(--card-back-line)" strokeWidth="3" strokeLinecap="round" />
      </svg>
    );
  }
  const [rank, suit] = card;
  return (
    <svg key={card} className="card card--face" viewBox="0 0 60 84" role="img" aria-label={`${RANK_NAMES[rank]} of ${SUIT_NAMES[suit]}`}>
      <rect x="0.5" y="0.5" width="59" height="83" rx="6.5" fill="var(--card)" stroke="var(--card-edge)" />
      <path d={RANKS[rank]} transform="translate(7.5 6.5) scale(1.2)" fill="none" stroke={INK[suit]} strokeWidth="4" strokeLinecap="round" strokeLinejoin="round" />
      <path d={SUITS[suit]} transform="translate(21.5 45.5) scale(1.35)" fill={INK[suit]} />
    </svg>
  );
});
