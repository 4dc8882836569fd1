using Microsoft.Extensions.Configuration;

namespace Broker.Configuration.Tests;

public class ProviderSpecs
{
    [Fact]
    public void Keys_should_be_flattened()
    {
        var configuration = Build("a { b = text, c = [x, { d = 1 }], e = true, f = null }\n\"g.h\" = 2 s");
        Assert.Equal("text", configuration["a:b"]);
        Assert.Equal("x", configuration["A:C:0"]);
        Assert.Equal("1", configuration["a:c:1:d"]);
        Assert.Equal("true", configuration["a:e"]);
        Assert.Null(configuration["a:f"]);
        Assert.Equal("2 s", configuration["g.h"]);
    }

    [Fact]
    public void Section_should_be_added_alone()
    {
        var configuration = new ConfigurationBuilder().AddHocon(Hocon.Read("log.serilog { level = Debug }\nx = 1"), "log.serilog").Build();
        Assert.Equal("Debug", configuration["level"]);
        Assert.Null(configuration["x"]);
    }

    [Fact]
    public void Files_should_be_read_in_layers()
    {
        using var files = new TemporaryDirectory();
        var lower = files.Write("a.conf", "x = 1, y = 1");
        var upper = files.Write("b.conf", "y = ${NAME}");
        var configuration = new ConfigurationBuilder().AddHocon([lower, upper], name => name == "NAME" ? "me" : null).Build();
        Assert.Equal(("1", "me"), (configuration["x"], configuration["y"]));
    }

    [Theory]
    [InlineData("\"a:b\" = 1", "test.conf:1: \"a:b\": a key here must not be empty nor have a ':'")]
    [InlineData("a = 1\nA = 2", "test.conf:2: A: differs from another key only in case")]
    public void Keys_that_cannot_be_told_apart_should_be_refused(string text, string expected) =>
        Assert.Equal(expected, Assert.Throws<HoconException>(() => Build(text)).Message);

    private static IConfigurationRoot Build(string text) => new ConfigurationBuilder().AddHocon(Hocon.Read(text)).Build();
}
