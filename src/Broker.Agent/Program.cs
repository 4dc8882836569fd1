using Broker.Agent.Commands;

return await CommandLine.RunAsync(args);
