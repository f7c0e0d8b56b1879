/** What of jstat is used here; the package brings no types. */
declare module 'jstat' {
  const jStat: {
    readonly studentt: {
      /** The probability of at most `t` in Student's distribution. */
      cdf(t: number, degreesOfFreedom: number): number;
    };
  };
  export default jStat;
}
