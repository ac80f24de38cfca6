// Who the agents are: each has a token of its own.

export const AGENTS = 64;

export const tokenOf = (agent: number): string => `token-of-agent-${agent}-padding`;
