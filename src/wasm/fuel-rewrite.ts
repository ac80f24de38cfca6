// Both directions of the rewrite for fuel, for import on demand.
import { addFuel } from "./fuel.ts";
import { removeFuel } from "./fuel-removal.ts";
import type { FuelRewrite } from "./prepare-module.ts";

export const fuelRewrite: FuelRewrite = { addFuel, removeFuel };
