using TinyWorker.Platform;
using TinyWorker.Processes.Child;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]   // the variables of this process
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildEnvironmentTests
{
    private const string Inherited = "TINYWORKER_TEST_INHERITED";
    private const string Removed = "TINYWORKER_TEST_REMOVED";
    private const string Added = "TINYWORKER_TEST_ADDED";

    [Test]
    public async Task Child_WithAnEnvironmentOfItsOwn_HasItAndPassesItOnWithoutTheVariablesOfAWorker()
    {
        Environment.SetEnvironmentVariable(Inherited, "a");
        Environment.SetEnvironmentVariable(Removed, "b");
        try
        {
            await using var child = await Child.StartAsync(EntryPoints.TellEnvironment, with: start => start with
            {
                Environment = new Dictionary<string, string?> { [Removed] = null, [Added] = "c=d" },
            });
            var views = (await child.Told()).Split('\0').Select(view => view.Split('\n')).ToArray();
            Assert.That(views, Has.Length.EqualTo(3));
            foreach (var variables in views)
            {
                Assert.That(variables, Has.Member(Inherited + "=a").And.Member(Added + "=c=d"));
                foreach (var absent in new[] { Removed, ChildEnvironment.Variable, ChildEnvironment.HooksVariable })
                    Assert.That(variables, Has.None.StartWith(absent));
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable(Inherited, null);
            Environment.SetEnvironmentVariable(Removed, null);
        }
    }

    [Test]
    public async Task Child_OfAProgramWithAStartupHookOfItsOwn_RunsAndKeepsItToo()
    {
        var own = typeof(TestHook).Assembly.GetName().Name!;
        await using var child = await Child.StartAsync(EntryPoints.TellEnvironment, with: start => start with
        {
            Environment = new Dictionary<string, string?> { [ChildEnvironment.HooksVariable] = own },
        });
        var views = (await child.Told()).Split('\0').Select(view => view.Split('\n')).ToArray();
        Assert.That(views[0], Has.Member($"{TestHook.Variable}={TestHook.Done}"));
        Assert.That(views[0], Has.Member($"{ChildEnvironment.HooksVariable}={own}"));
        Assert.That(views[1], Has.Member($"{ChildEnvironment.HooksVariable}={own}"));
        Assert.That((await child.Exit()).Code, Is.Zero);
    }

    [TestCase("DOTNET_DiagnosticPorts", "no-such-tool.sock,suspend")]
    [TestCase("COMPlus_DiagnosticPorts", "no-such-tool.sock,suspend")]
    [TestCase("DOTNET_DefaultDiagnosticPortSuspend", "1")]
    [TestCase("COMPlus_DefaultDiagnosticPortSuspend", "1")]
    public async Task Child_OfAProgramThatAToolHasStarted_DoesNotWaitForTheTool(string variable, string value)
    {
        Environment.SetEnvironmentVariable(variable, value);
        try
        {
            await using var child = await Child.StartAsync(EntryPoints.TellPlace);
            Assert.That(await child.Told(), Is.Not.Empty);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [TestCase("DOTNET_", "trace.nettrace", false)]
    [TestCase("COMPlus_", "trace.nettrace", false)]
    [TestCase("DOTNET_", null, false)]
    [TestCase("DOTNET_", "trace-{pid}.nettrace", true)]
    public void Child_OfAProgramThatWritesAnEventPipe_WritesItOnlyIfItHasAFileOfItsOwn(string prefix, string? file, bool writes)
    {
        var variables = new Dictionary<string, string?> { [prefix + "EnableEventPipe"] = "1", [Inherited] = "a" };
        if (file is not null) variables[prefix + "EventPipeOutputPath"] = file;
        MeantForOneProcess.Remove(variables);
        Assert.That(variables.ContainsKey(prefix + "EnableEventPipe"), Is.EqualTo(writes));
        Assert.That(variables, Contains.Key(Inherited));
    }

    [TestCase("", "a", "an empty name")]
    [TestCase("a=b", "c", "'=' in its name")]
    [TestCase("a\0b", "c", "in its name")]
    [TestCase("a", "b\0c", "in its value")]
    public async Task Child_WithAVariableThatNoProcessCanHave_IsRefused(string name, string value, string fault)
    {
        var failure = (await Assert.ThrowsAsync<ChildStartException>(() => Child.StartAsync(EntryPoints.Idle, with: start => start with
        {
            Environment = new Dictionary<string, string?> { [name] = value },
        })))!;
        Assert.That(failure.Message, Does.Contain("ProcessTroupeOptions.Environment").And.Contain(fault).And.Contain("'clown'"));
        Assert.That(failure.InnerException, Is.TypeOf<ArgumentException>());
    }

    [TestCase("two\nlines")]
    [TestCase("a\0zero")]
    [TestCase("100%00 %0A %")]
    public async Task Child_WithAnOddName_HasThatName(string name)
    {
        await using var child = await Child.StartAsync(EntryPoints.TellName, with: start => start with { Name = name });
        Assert.That(await child.Told(), Is.EqualTo(name));
    }

    [Test]
    public async Task Child_WhoseTemporaryFolderHasALineEndInItsName_ConnectsThere()
    {
        var folder = Directory.CreateTempSubdirectory("tinyworker-\n-").FullName;
        var before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", folder);
        try
        {
            await using (var child = await Child.StartAsync(EntryPoints.TellSocketPath))
            {
                Assert.That(await child.Told(), Does.StartWith(folder));
                await child.Exit();
            }

            Assert.That(Directory.GetFileSystemEntries(folder), Is.Empty);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Child_OfAProcessWithFilesThatNativeCodeHasOpened_HoldsNoneOfThem()
    {
        var path = Path.GetTempFileName();
        var file = Fatal.OpenInheritable(path);
        try
        {
            Assert.That(HostSystem.Current.InheritableFiles(), Has.Member($"{file} {path}"));
            await using var child = await Child.StartAsync(EntryPoints.TellFiles);
            Assert.That((await child.Told()).Split('\n'), Has.Length.GreaterThan(3).And.None.Contain(path));
        }
        finally
        {
            Fatal.Close(file);
            File.Delete(path);
        }
    }

    [Test]
    public async Task Child_OfAChildOfAChild_HasNoChildren()
    {
        await using var child = await Child.StartAsync(EntryPoints.TellLevels);
        Assert.That(await child.Told(), Does.StartWith("1 2 3 This is a worker process of a worker process, 3 levels deep"));
    }

    [Test]
    public async Task Program_ThatHasSwitchedStartupHooksOff_IsToldToLetWorkersIn()
    {
        await using var child = await Child.StartAsync(EntryPoints.TellWhetherItCanHaveChildren);
        var told = (await child.Told()).Split('\0');
        Assert.That(told[0], Does.Contain("switched them off").And.Contain("TinyTroupeHost.RunIfWorker()"));
        Assert.That(told[0], Does.Contain("PublishAot").And.Contain("#:property PublishAot=false"));
        Assert.That(told[1], Is.EqualTo("can"));
        Assert.That((await child.Exit()).Code, Is.Zero);
    }

    [Test]
    public void Program_ThatWasStartedAsAChildButRunsItsMain_IsToldWhatItLacks()
    {
        Environment.SetEnvironmentVariable(ChildEnvironment.Variable, "left");
        try
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => ChildCommand.ForThisProgram());
            Assert.That(refusal!.Message, Does.Contain("TinyTroupeHost.RunIfWorker()"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(ChildEnvironment.Variable, null);
        }
    }

    [Test]
    public void Program_StartedAsAChildOfAnotherBuild_IsToldToRestartTheParent()
    {
        var parts = Parts();
        parts[0] = $"{Guid.NewGuid():N}";
        Assert.That(
            () => RunAsChild(parts), Throws.InvalidOperationException.With.Message.Contains("'clown' has another build of TinyWorker"));
        Assert.That(Environment.GetEnvironmentVariable(ChildEnvironment.Variable), Is.Null);
    }

    [Test]
    public void Program_StartedAsAChildToServeWhatIsNotThere_DoesNotEvenConnect()
    {
        var parts = Parts();
        parts[4] = "NoSuchMethod";
        Assert.That(() => RunAsChild(parts), Throws.TypeOf<MissingMethodException>());
    }

    [Test]
    public void Program_WithAVariableOfAChildThatIsNone_IsToldToRemoveIt() =>
        Assert.That(
            () => RunAsChild(["1"]),
            Throws.InvalidOperationException.With.Message.Contains(ChildEnvironment.Variable).And.Message.Contains("remove it"));

    // Build, socket, secret, type, method, name, hooks.
    private static string[] Parts()
    {
        var environment = new Dictionary<string, string?>();
        using var socket = ChildListener.Open();
        ChildEntryPoint entryPoint = EntryPoints.Idle;
        ChildEnvironment.Put(environment, socket.SocketPath, socket.Secret, "clown", entryPoint.Method, hook: null);
        return environment[ChildEnvironment.Variable]!.Split('\n');
    }

    private static void RunAsChild(string[] parts)
    {
        Environment.SetEnvironmentVariable(ChildEnvironment.Variable, string.Join('\n', parts));
        try
        {
            WorkerMain.RunIfWorker();
        }
        finally
        {
            Environment.SetEnvironmentVariable(ChildEnvironment.Variable, null);
        }
    }
}
