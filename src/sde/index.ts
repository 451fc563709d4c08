/** Stochastic differential equations and diffusion. Not built yet: the first slice of the language has none. */
export {};
