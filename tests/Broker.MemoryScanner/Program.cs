using Broker.MemoryScanner.Report;

namespace Broker.MemoryScanner;

internal static class Program
{
    private const int NothingFound = 0;
    private const int Error = 1;
    private const int Found = 3;

    public static int Main(string[] arguments)
    {
        try
        {
            var cli = Cli.Parse(arguments);
            if (cli.Help)
            {
                Console.WriteLine(Cli.Usage);
                return NothingFound;
            }

            var needles = new NeedleSet(cli.Needles, cli.Pieces);
            var reports = cli.Pids.Select(pid => ProcessScan.Run(pid, needles, cli.Stop)).ToList();
            if (cli.Paths.Count > 0)
                reports.Add(FileScan.Run(cli.Paths, needles));
            Console.Out.Write(cli.Json ? ReportJson.Format(reports) : string.Concat(reports.Select(ReportTable.Format)));
            return reports.Any(r => r.Total > 0) ? Found : NothingFound;
        }
        catch (ScanException e)
        {
            Console.Error.WriteLine("memory-scanner: " + e.Message);
            return Error;
        }
    }
}
