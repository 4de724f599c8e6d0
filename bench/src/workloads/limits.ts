/** The agent's other work never waits longer, in ms. */
export const loopLimitMs = 50;
