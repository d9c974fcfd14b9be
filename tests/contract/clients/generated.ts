// The three look-ups through the client that `openapi-generator-cli` makes of the contract.
import { Configuration, CreditApi, DiscountsApi, ResponseError, RoutingApi } from "./tiercel";

const configuration = new Configuration({
  basePath: process.env.TIERCEL,
  accessToken: process.env.TOKEN,
});

async function main(): Promise<void> {
  const discounts = new DiscountsApi(configuration);
  const decided = await discounts.decideDiscount({
    decideDiscountRequest: {
      customer: { external: { system: "erp1", id: "C-1001" } },
      currency: "EUR",
      lines: [{ lineId: "10", sku: "DRV-100", quantity: "30", listUnitPrice: "100.00" }],
    },
  });
  console.log("discount", decided.tier.code, decided.lines[0].netUnitPrice);
  const query = { customer: "erp1:C-1001", sku: "DRV-100", qty: "30", list: "100.00", currency: "EUR" };
  const flat = await discounts.findDiscount(query);
  console.log("flat", flat.tier, flat.netUnitPrice);
  const customer = { system: "erp1", id: "C-1001" };
  const terms = await new CreditApi(configuration).findCreditTermsByExternalId(customer);
  console.log("credit", terms.paymentTerm.code, terms.limit.amount);
  const routing = new RoutingApi(configuration);
  const route = await routing.findRouting({ caller: "+49 30 901820" });
  console.log("route", route.queue, route.priority);
  try {
    await routing.findRouting({ asOf: new Date("2999-01-01") });
  } catch (refused) {
    if (!(refused instanceof ResponseError)) throw refused;
    console.log("refused", refused.response.status);
  }
}

void main();
