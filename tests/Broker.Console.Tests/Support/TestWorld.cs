namespace Broker.Console.Tests.Support;

/// <summary>An installation, a gateway and a console with a profile, made anew for each test.</summary>
internal sealed class TestWorld : IAsyncDisposable
{
    private TestWorld(TestInstallation installation, TestBroker broker, Brokerctl console) =>
        (Installation, Broker, Console) = (installation, broker, console);

    public TestInstallation Installation { get; }

    public TestBroker Broker { get; }

    public Brokerctl Console { get; }

    public TestCustomer Customer => Broker.Customer;

    public string File(string name) => Installation.File(name);

    public static async Task<TestWorld> StartAsync()
    {
        var installation = new TestInstallation();
        var broker = await TestBroker.StartAsync(installation);
        var console = new Brokerctl(installation.File("profile"));
        installation.WriteConsole("console");
        await console.GoodAsync(
            "init", "--root", installation.File("root.crt"), "--certificate", installation.File("console.crt"), "--key",
            installation.File("console.key"), "--gateway", broker.Address, "--user", "alice", "--enrolment", "127.0.0.1:7445");
        foreach (var user in new[] { "alice", "erin", "bob" })
            await console.GoodAsync("key", "new", "user", "--name", user);
        foreach (var custodian in new[] { "carol", "dave", "frank" })
            await console.GoodAsync("key", "new", "custodian", "--name", custodian);
        return new TestWorld(installation, broker, console);
    }

    public string[] Enrol(params string[] more) => [
        "customer", "enrol", "acme", "--threshold", "2", "--custodian", "carol=" + Key("custodians/carol"), "--custodian",
        "dave=" + Key("custodians/dave"), "--custodian", "frank=" + Key("custodians/frank"), "--administrator",
        "alice=" + Key("users/alice"),
        "--administrator", "erin=" + Key("users/erin"), "--shares-directory", File("shares"), "--one-way-only", .. more,
    ];

    /// <summary>Enrols and confirms acme.</summary>
    public static async Task<TestWorld> WithCustomerAsync()
    {
        var world = await StartAsync();
        await world.Console.GoodAsync(world.Enrol());
        foreach (var custodian in new[] { "carol", "dave", "frank" })
            await world.Console.GoodAsync("customer", "confirm", "acme", "--custodian", custodian, "--share", world.Share(custodian));
        return world;
    }

    public string Share(string custodian) => File($"shares/{custodian}.share");

    public string Key(string name) => Path.Combine(Console.Profile, name + ".pub");

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Installation.Dispose();
    }
}
