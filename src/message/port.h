struct port; void port_release(struct port *);
