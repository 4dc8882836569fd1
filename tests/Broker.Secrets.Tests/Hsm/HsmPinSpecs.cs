using System.Text;

namespace Broker.Secrets.Tests.Hsm;

public sealed class HsmPinSpecs : GaugedSpecs
{
    private readonly Folder _folder;

    public HsmPinSpecs() => _folder = Keep(new Folder());

    [Theory]
    [InlineData("4711", "4711")]
    [InlineData("4711\n", "4711")]
    [InlineData("47 11\n\n", "47 11\n")]
    [InlineData("x", "x")]
    public void Pin_should_be_read_without_its_line_end(string written, string expected)
    {
        using var pin = HsmPin.ReadFile(_folder.Write(written));

        Assert.True(pin.FixedTimeEquals(Encoding.UTF8.GetBytes(expected)));
    }

    [Fact]
    public void Longest_pin_should_be_read_and_a_longer_one_refused()
    {
        using var pin = HsmPin.ReadFile(_folder.Write(new string('1', HsmPin.MaxLength) + "\n"));

        Assert.Equal(HsmPin.MaxLength, pin.Length);
        Refused(_folder.Write(new string('1', HsmPin.MaxLength + 1)));
        Refused(_folder.Write(new string('1', HsmPin.MaxLength + 1) + "\n"));
        Refused(_folder.Write(new string('1', 5000)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public void Empty_pin_should_be_refused(string written) => Refused(_folder.Write(written));

    [Fact]
    public void File_that_is_missing_or_open_to_others_should_be_refused()
    {
        Refused("/nowhere/pin");
        // Longer than the random end of the folder's name, which the message has.
        var path = _folder.Write("4711-0815");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        var problem = Refused(path);

        Assert.Contains("chmod 600", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("4711-0815", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pin_should_come_through_a_pipe_in_pieces()
    {
        using var writer = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        writer.Write("47"u8);
        using var reader = new Microsoft.Win32.SafeHandles.SafeFileHandle(
            writer.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        var read = Task.Run(() => HsmPin.Read(reader));
        writer.Write("11\n"u8);
        writer.Dispose();

        using var pin = await read;
        Assert.True(pin.FixedTimeEquals("4711"u8));
    }

    [Fact]
    public void Descriptor_that_cannot_be_read_should_be_refused()
    {
        using var file = File.OpenHandle(_folder.Write("4711"), FileMode.Open, FileAccess.Write);

        Assert.Equal(HsmFailure.TokenNotReady, Assert.Throws<HsmException>(() => HsmPin.Read(file)).Failure);
        Refused(Path.GetTempPath());
    }

    private static HsmException Refused(string path)
    {
        var problem = Assert.Throws<HsmException>(() => HsmPin.ReadFile(path));
        Assert.Equal(HsmFailure.TokenNotReady, problem.Failure);
        return problem;
    }

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("broker-pin-").FullName;

        public string Write(string text)
        {
            var path = Path.Combine(_path, "pin");
            File.WriteAllText(path, text);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return path;
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
