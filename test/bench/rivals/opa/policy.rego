package guard

# Hands its input back with a decision: what a call costs.
label := {"decision": "allow", "echo": input.subject} if input.operation == "read"

# May this agent read that resource: the read rule over tags.
flow.allow if {
	every tag in input.resource.secrecy { tag in input.agent.secrecy }
	every tag in input.agent.integrity { tag in input.resource.integrity }
}
