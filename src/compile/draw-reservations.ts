/** Draws of runs that are under way, so that those of runs that are not made can go back to their generator. */

/** What one submission has drawn from a stream. */
export interface Reservation {
  /** Whether nothing has been drawn since. */
  readonly isNewest: () => boolean;
  /** How to give back what was not used: known once the runs are over. */
  giveBack: (() => void) | null;
}

/** The reservations of one stream, the oldest first. */
export class DrawReservations {
  readonly #open: Reservation[] = [];

  open(isNewest: () => boolean): Reservation {
    const reservation: Reservation = { isNewest, giveBack: null };
    this.#open.push(reservation);
    return reservation;
  }

  /**
   * Ends a reservation. What was not used goes back when everything drawn after it has gone back too, in whatever order the
   * reservations end; where something stays that was drawn later, by a run or by the caller, nothing goes back.
   * @param giveBack null: all of it was used.
   */
  close(reservation: Reservation, giveBack: (() => void) | null): void {
    const open = this.#open;
    const position = open.indexOf(reservation);
    if (position < 0) return;
    if (giveBack === null) {
      open.splice(0, position + 1);
      return;
    }
    reservation.giveBack = giveBack;
    for (let last = open.at(-1); last?.giveBack; last = open.at(-1)) {
      if (last.isNewest()) last.giveBack();
      open.pop();
    }
  }
}
