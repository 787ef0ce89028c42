"""What a desk looks at and is paged by: Grafana's dashboards, Prometheus' rules, Alertmanager's messages."""
