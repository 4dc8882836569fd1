using System.Diagnostics;
using System.Text;

namespace Broker.MemoryScanner.Tests;

public sealed class FileScanSpecs : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("file-scan-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Scan_should_find_a_secret_in_hidden_files_below_the_directory()
    {
        var below = Directory.CreateDirectory(Path.Combine(_directory, ".a", "b")).FullName;
        File.WriteAllBytes(Path.Combine(below, ".c"), [1, 2, 3, .. Samples.Secret, 4]);
        var finding = Assert.Single(FileScan.Run([_directory], Samples.Needles).Findings);
        Assert.Equal(("raw", Path.Combine(below, ".c"), 3L, 1L), (finding.Encoding, finding.Place, finding.First, finding.Count));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Scan_should_find_a_secret_in_a_base64_file_at_each_alignment(int before)
    {
        Assert.Equal("base64", EncodingFoundIn(Convert.ToBase64String([.. Ones(before), .. Samples.Secret, .. Ones(2)])));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Scan_should_find_a_secret_in_wrapped_base64_wherever_the_line_breaks(string lineBreak)
    {
        for (var before = 0; before < 64; before++)
        {
            var text = Convert.ToBase64String([.. Ones(before), .. Samples.Secret, .. Ones(3)]);
            var lines = text.Chunk(64).Select(line => new string(line));
            Assert.Equal("base64", EncodingFoundIn(string.Join(lineBreak, lines)));
        }
    }

    [Fact]
    public void Scan_should_find_other_text_forms()
    {
        var base64 = Convert.ToBase64String(Samples.Secret);
        Assert.Contains('/', base64);
        Assert.Contains('+', base64);
        Assert.Equal("base64url", EncodingFoundIn(base64.Replace('+', '-').Replace('/', '_')));
        Assert.Equal("hex-upper", EncodingFoundIn(Convert.ToHexString(Samples.Secret)));
        Assert.Equal("hex-utf-16", EncodingFoundIn(Encoding.Unicode.GetBytes(Convert.ToHexStringLower(Samples.Secret))));
    }

    [Fact]
    public void Scan_should_find_a_secret_in_a_file_name()
    {
        var name = Convert.ToHexStringLower(Samples.Secret);
        File.WriteAllText(Path.Combine(_directory, name), "");
        var finding = Assert.Single(FileScan.Run([_directory], Samples.Needles).Findings);
        Assert.Equal(("hex", "name"), (finding.Encoding, finding.Permissions));
    }

    [Fact]
    public void Scan_should_list_a_pipe_and_not_wait_for_its_writer()
    {
        var pipe = Path.Combine(_directory, "pipe");
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
            mkfifo.WaitForExit();
        var report = FileScan.Run([_directory], Samples.Needles);
        Assert.Equal((pipe, "no regular file"), Assert.Single(report.Unread) is var unread ? (unread.Place, unread.Reason) : default);
    }

    [Fact]
    public void Scan_should_refuse_a_path_that_is_not_there()
    {
        Assert.Throws<ScanException>(() => FileScan.Run([Path.Combine(_directory, "none")], Samples.Needles));
    }

    /// <summary>Neighbours whose bits differ from padding, so that the characters that they share with the secret differ too.</summary>
    private static IEnumerable<byte> Ones(int count) => Enumerable.Repeat(byte.MaxValue, count);

    private string EncodingFoundIn(string text) => EncodingFoundIn(Encoding.ASCII.GetBytes(text));

    private string EncodingFoundIn(byte[] content)
    {
        var path = Path.Combine(_directory, "file");
        File.WriteAllBytes(path, content);
        var finding = Assert.Single(FileScan.Run([path], Samples.Needles).Findings);
        Assert.Equal(1, finding.Count);
        return finding.Encoding;
    }
}
