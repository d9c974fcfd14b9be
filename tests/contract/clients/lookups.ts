// The three look-ups with the types that `openapi-typescript` makes of the contract.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const { TIERCEL, TOKEN } = process.env;
const tiercel = createClient<paths>({
  baseUrl: TIERCEL,
  headers: { Authorization: `Bearer ${TOKEN}` },
});

/** What was answered, or the end of the test. */
function answered<T>({ data, error }: { data?: T; error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

async function main(): Promise<void> {
  const decided = answered(
    await tiercel.POST("/v1/decisions/discount", {
      body: {
        customer: { external: { system: "erp1", id: "C-1001" } },
        currency: "EUR",
        lines: [{ line_id: "10", sku: "DRV-100", quantity: "30", list_unit_price: "100.00" }],
      },
    }),
  );
  console.log("discount", decided.tier.code, decided.lines[0].net_unit_price);
  const query = { customer: "erp1:C-1001", sku: "DRV-100", qty: "30", list: "100.00", currency: "EUR" };
  const flat = answered(await tiercel.GET("/v1/decisions/discount", { params: { query } }));
  console.log("flat", flat.tier, flat.net_unit_price);
  const path = { system: "erp1", id: "C-1001" };
  const terms = answered(
    await tiercel.GET("/v1/customers/by-external/{system}/{id}/credit-terms", { params: { path } }),
  );
  console.log("credit", terms.payment_term.code, terms.limit.amount);
  const call = { query: { caller: "+49 30 901820" } };
  const route = answered(await tiercel.GET("/v1/routing/lookup", { params: call }));
  console.log("route", route.queue, route.priority);
  const tomorrow = { query: { as_of: "2999-01-01" } };
  const { error } = await tiercel.GET("/v1/routing/lookup", { params: tomorrow });
  console.log("refused", error?.status);
}

void main();
