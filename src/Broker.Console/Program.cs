using System.CommandLine;
using Broker.Console.Authority;
using Broker.Console.Cli;

var root = new RootCommand("Administers a credential broker: certificates, customers, credentials, agents, launches, audit.")
{
    OutputFormat.Option,
    CaCommand.Create(),
};
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
