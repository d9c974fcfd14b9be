"""The three look-ups through the client that `openapi-generator-cli` makes of the contract."""

import os
from datetime import date

from tiercel_client import ApiClient, Configuration
from tiercel_client.api.credit_api import CreditApi
from tiercel_client.api.discounts_api import DiscountsApi
from tiercel_client.api.routing_api import RoutingApi
from tiercel_client.exceptions import ApiException
from tiercel_client.models.decide_discount_request import DecideDiscountRequest


def main() -> None:
    configuration = Configuration(
        host=os.environ["TIERCEL"], access_token=os.environ["TOKEN"]
    )
    with ApiClient(configuration) as client:
        quote = DecideDiscountRequest.from_dict(
            {
                "customer": {"external": {"system": "erp1", "id": "C-1001"}},
                "currency": "EUR",
                "lines": [
                    {
                        "line_id": "10",
                        "sku": "DRV-100",
                        "quantity": "30",
                        "list_unit_price": "100.00",
                    }
                ],
            }
        )
        assert quote is not None
        discounts = DiscountsApi(client)
        decided = discounts.decide_discount(quote)
        print("discount", decided.tier.code, decided.lines[0].net_unit_price)
        flat = discounts.find_discount(
            customer="erp1:C-1001", sku="DRV-100", qty="30", list="100.00", currency="EUR"
        )
        print("flat", flat.tier, flat.net_unit_price)
        terms = CreditApi(client).find_credit_terms_by_external_id("erp1", "C-1001")
        print("credit", terms.payment_term.code, terms.limit.amount)
        route = RoutingApi(client).find_routing(caller="+49 30 901820")
        print("route", route.queue, route.priority)
        try:
            RoutingApi(client).find_routing(as_of=date(2999, 1, 1))
        except ApiException as refused:
            print("refused", refused.status)


main()
