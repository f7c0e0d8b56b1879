/** Mean, variance and range of numbers that come one by one, in float64 (Welford; chunks joined as Chan, Golub and LeVeque do). */
export class Moments {
  count = 0;
  mean = 0;
  /** Sum of the squares of the distances from the mean. */
  squares = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count++;
    const distance = value - this.mean;
    this.mean += distance / this.count;
    this.squares += distance * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  merge(other: Moments): void {
    if (other.count === 0) return;
    const count = this.count + other.count;
    const distance = other.mean - this.mean;
    this.squares += other.squares + distance * distance * ((this.count * other.count) / count);
    this.mean += (distance * other.count) / count;
    this.count = count;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** Of the values themselves, not an estimate for more of them: as scikit-learn's StandardScaler and NumPy. */
  get std(): number {
    return Math.sqrt(this.squares / this.count);
  }
}
